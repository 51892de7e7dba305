import { Button, Typography } from 'antd';
import type { ReactNode } from 'react';
import { useNavigate } from 'react-router';
import { useMay } from '../session.tsx';
import { Search } from './choices.tsx';

/** The frame of a page that is one searchable list: title, what it is, filters, and for those who may, how to add one. */
export function ListPage({ title, intro, search, filters, tabs, add, children }: { title: string; intro: string; search: string; filters?: ReactNode; tabs?: ReactNode; add: { permission: string; label: string; to: string }; children: ReactNode }): ReactNode {
  const may = useMay();
  const navigate = useNavigate();
  return (
    <>
      <Typography.Title level={1} className="page-title">
        {title}
      </Typography.Title>
      {tabs}
      <p className="intro">{intro}</p>
      <div className="filters" role="search">
        <Search label={search} />
        {filters}
        {may(add.permission) ? (
          <Button type="primary" onClick={() => void navigate(add.to)}>
            {add.label}
          </Button>
        ) : null}
      </div>
      {children}
    </>
  );
}
